# The nearest correlation matrices to contradictory tables, by R's Matrix::nearPD (Higham 2002), independently of the project.
#   Rscript nearest.R > nearest.json
# Needs: r-base-core, r-cran-jsonlite, r-cran-matrix. Compare to 1e-6: both are iterations, and nearPD leaves eigenvalues of 0 at about 1e-8.
suppressMessages({library(jsonlite); library(Matrix)})
nearest <- function(m) {
  near <- nearPD(m, corr = TRUE, keepDiag = TRUE, do2eigen = FALSE, eig.tol = 1e-14, conv.tol = 1e-14, conv.norm.type = "F", maxit = 100000)
  list(table = unname(m), nearest = unname(as.matrix(near$mat)), distance = near$normF, iterations = near$iterations)
}
symmetric <- function(k, upper) { m <- diag(k); m[lower.tri(m)] <- upper; m[upper.tri(m)] <- t(m)[upper.tri(m)]; m }
out <- list(tool = paste(R.version.string, "Matrix", packageVersion("Matrix")),
  tables = list(higham = nearest(symmetric(3, c(1, 0, 1))), four = nearest(symmetric(4, c(0.9, 0.9, -0.6, -0.6, 0.9, 0.9))),
                five = nearest(symmetric(5, c(0.8, 0.7, -0.5, 0.1, -0.4, 0.9, 0.2, 0.6, -0.7, 0.5)))))
cat(toJSON(out, digits = 14, auto_unbox = TRUE), "\n")
