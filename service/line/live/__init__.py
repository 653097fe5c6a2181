"""What people see of a running line. Nothing here can hold up the line or lose one of its decisions."""
