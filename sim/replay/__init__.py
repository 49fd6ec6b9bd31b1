"""Files of real transactions, to replay through the pipeline and to train on."""
