"""How results look: the style of figures, the token heat map, the lens and the neuron view.

May import: generation, measures, evaluation, lens, neurons.
"""
