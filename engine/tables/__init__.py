"""Tables at the rim: what they must hold, whether they do, and their way into arrays and back."""
