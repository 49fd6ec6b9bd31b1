"""What must hold is judged by what was measured, and by nothing else."""
