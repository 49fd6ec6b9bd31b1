"""What the pipeline tells about itself is true."""
