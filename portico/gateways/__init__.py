"""Payment providers behind one port. Nothing here knows about buyers' pages, the database or documents."""
