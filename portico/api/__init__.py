"""JSON for programs: the native API, and the surface that clients of Waffo speak to."""
