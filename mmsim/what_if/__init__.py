"""How sensitive a result is to what a backtest has to assume, and where it earns nothing.

factors    what of a scenario is varied: latency, which orders are dealt, who is informed, what hedging costs
play       the runs, and the search for each factor's break-even
result     what they came to: tables and a folder
"""
