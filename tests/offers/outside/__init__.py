"""Tests of `offers/outside`."""
