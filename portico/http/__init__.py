"""What pages for people and answers for programs share: a request read strictly, an answer, the one origin, and the framework's seam."""
