"""Models of the spot: where the ticks of an underlying come from when they are not recorded.

motion       what a model has to be: the price without dividends from tick to tick
given        prices as written
brownian     geometric Brownian motion
heston       its variance drawn too
merton       with jumps
oscillation  three states around a level
bootstrap    recorded returns in blocks
escrow       dividends that are yet to be paid
leaps        jumps at scheduled instants
ticks        all of it together, as mids
"""
