"""Any event of a run explained, by playing the run again up to it.

explain      one event: what it was, and everything below put together
replay       a kept path, played again and looked at before and after an event
origin       what a run was made from and with, and whether the same is here
posted       the run's ledger beside what the replay posts
decisions    what the policies were shown and answered, and what became of it
states       market, theo, Greeks and cash before and after
text         an explanation as a terminal and a notebook show it
"""
