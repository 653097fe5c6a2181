"""The web page: one template, local scripts and styles, Chinese and English."""
