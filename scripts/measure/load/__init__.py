"""`make load`: puts the service under the load that it must hold, and under more.

`plan.py` says when requests are sent, `traffic.py` which; `locustfile.py` sends them and checks every answer;
`results.py` summarises them, `objectives.py` judges the figures, `chart.py` draws them.
"""
