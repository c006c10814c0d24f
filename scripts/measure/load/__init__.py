"""`make load`: the service under the load that it must hold, and under more than it can.

`plan.py` says when what is sent, `payloads.py` what; `locustfile.py` sends it and checks every answer; `watch.py` sees
the server's memory meanwhile; `results.py` and `objectives.py` judge, `picture.py` draws.
"""
