"""Conversations: a shopper asks, our own data answers, and a person takes over where it must not guess."""
