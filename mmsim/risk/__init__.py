"""What a result was worth for what was risked: edge kept, cost a contract, drawdown, and the error of a Sharpe ratio.

figures     the figures of run.json's `risk`: their units, formulas and names
measured    a run's marks, fills and totals -> those figures
drawdown    how far and how long a line was below its highest point so far
sharpe      mean over deviation of increments, with a standard error that allows for autocorrelation
"""
