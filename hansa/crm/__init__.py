"""Reading a CRM's export and bringing its history into a running system."""
