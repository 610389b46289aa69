"""What Portico knows about money, time, tax, buyers and documents. Pure: no I/O, no clock, no settings, no words for people."""
