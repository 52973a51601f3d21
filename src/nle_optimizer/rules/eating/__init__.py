"""Probabilistic serial: shares eaten in exact fractions, and lotteries over matchings that give them back."""
