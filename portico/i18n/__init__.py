"""Languages: which we speak, their words, how they write money and dates, and which one a visitor reads."""
