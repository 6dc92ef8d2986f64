"""Linear models solved to their optimum: ridge, logistic, biased, sparse; whitening."""
