"""Who the customer is: identifiers, names, likeness, and two accounts as one."""
