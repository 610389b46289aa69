"""The buyer's portal: one module per noun, one function per page or form."""
