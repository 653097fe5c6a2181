"""What the service remembers: records in a database, pictures in a folder."""
