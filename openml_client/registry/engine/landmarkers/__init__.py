"""How well simple learners do on a dataset: the qualities that are called landmarkers.

The real engine asks the learners of Weka; what is here stands in for them.  Neighbours, naive
Bayes, the decision stump and the selection of columns are written out from their definitions and
agree with what was recorded to 1e-9.  The trees are those of scikit-learn, so the qualities
``REPTreeDepth*``, ``RandomTreeDepth*`` and ``J48.*`` are approximations of Weka's.
"""
