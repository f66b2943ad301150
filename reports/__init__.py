"""What people receive: alerts, digests, exports, and the numbers in them."""
