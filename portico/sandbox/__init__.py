"""A payment provider in a box: a bank with a ledger of its own, hosted card pages, test cards and signed webhooks.

It shares nothing with the portal but the wire: it may run as a process of its own, so that what it holds to be true can be
compared with what the portal believes. No real card is ever taken: only the numbers in `cards` are known here.
"""
