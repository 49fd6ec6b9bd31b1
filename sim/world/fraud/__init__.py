"""Fraud, one pattern a file: stolen_card, card_testing, account_takeover, fraud_ring, compromised_merchant."""
