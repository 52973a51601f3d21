"""Probabilistic serial: recipients eat places at equal speed, and a lottery gives each its shares."""
