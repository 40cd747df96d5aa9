"""script/bench: speed side by side with a peer and with the floor, as ratios, which other machines can repeat."""
