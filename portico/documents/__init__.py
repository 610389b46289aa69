"""Documents on paper: ready-made strings in, a PDF/A-3a + PDF/UA-1 file out. Knows no language, no database, no clock."""
