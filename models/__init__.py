"""What is true and what is allowed; imports nothing of ours and knows no words, no network and no clock."""
