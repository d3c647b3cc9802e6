"""Settings, logs and the way to the workflow engine: what every process of the service reads first."""
