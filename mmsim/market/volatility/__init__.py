"""Models of implied volatility: at what the market, and theo unless told otherwise, value each option.

constant    one volatility for ever
implied     what a model has to be, and its rows at the instants of a grid
level       the volatility at the money: constant, or drawn
smile       what strikes and expiries make of it
heston      the surface of Heston's model
scheduled   events that are expected, or that move it
sight       what is known of the spot's path at those instants
"""
