"""Getting due deliveries to their receivers: claiming, posting, dialling safely, settling."""
