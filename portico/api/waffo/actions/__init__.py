"""The actions of the Waffo surface, a module for each kind of thing."""
