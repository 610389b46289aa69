"""Documents as files: ready-made strings in, a PDF/A-3a + PDF/UA-1 file out; a content in, an EN 16931 e-invoice out. Knows no
language, no database, no clock."""
