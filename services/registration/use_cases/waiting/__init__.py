"""The waiting list: who came second stands in line, and is offered the account when it is free."""
