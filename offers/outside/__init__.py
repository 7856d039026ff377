"""What it is like outside the stores: forecasts by area and day, public holidays and named days by region.

It decides nothing: it hands a decision the facts it was made with, and knows how a campaign asks for them.
"""
