"""What Waffo's clients read by GraphQL: queries only, over the same rows as everything else."""
