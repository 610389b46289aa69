"""Background work: who does it, and what is done for each kind of job."""
