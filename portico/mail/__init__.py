"""Writes mails and hands them to a mail server. Knows nothing about why a mail is sent."""
