# Recomputes factor analyses, suitability and reliability with R (factanal, varimax and promax of stats; psych), independently of the project.
#   Rscript factors.R <shared/data> > factors.json
# Needs: r-base-core, r-cran-jsonlite, r-cran-psych. The output holds statistics only.
# Conventions: varimax with Kaiser normalisation, iterated to 1e-15; promax is the power 4 of the varimax loadings; each column's loadings sum to ≥ 0;
# columns in falling order of their sums of squares before promax. Tolerances: correlations, eigenvalues, KMO, Bartlett, alpha 1e-9; uniquenesses of ML 1e-5,
# loadings 1e-4 (factanal stops where the gradient is about 1e-6), minres 5e-4 (psych stops earlier); mean eigenvalues of random data 0.03.
suppressMessages({library(jsonlite); library(psych)})
folder <- commandArgs(TRUE)[1]
file <- function(name) file.path(folder, name)
convention <- function(L) { L <- unclass(L); L <- L %*% diag(ifelse(colSums(L) < 0, -1, 1), ncol(L)); L[, order(-colSums(L^2)), drop = FALSE] }
rotations <- function(L) {
  V <- if (ncol(L) > 1) convention(varimax(L, normalize = TRUE, eps = 1e-15)$loadings) else convention(L)
  out <- list(unrotated = unname(convention(L)), varimax = unname(V))
  if (ncol(L) > 1) {
    P <- promax(V, m = 4)
    T <- solve(P$rotmat); phi <- T %*% t(T)
    out$promax <- unname(unclass(P$loadings)); out$phi <- unname(phi)
  }
  out
}
analysis <- function(R, n, factors) {
  ml <- factanal(covmat = list(cov = R, n.obs = n), factors = factors, rotation = "none", control = list(nstart = 3, opt = list(factr = 1e2, maxit = 2000)))
  mr <- suppressWarnings(suppressMessages(fa(R, nfactors = factors, n.obs = n, rotate = "none", fm = "minres", min.err = 1e-8, max.iter = 500)))
  kmo <- KMO(R); b <- cortest.bartlett(R, n = n)
  random <- replicate(400, eigen(cor(matrix(rnorm(n * nrow(R)), n)), only.values = TRUE)$values)
  list(n = n, factors = factors, correlations = unname(R), eigenvalues = eigen(R, only.values = TRUE)$values,
    ml = c(list(uniquenesses = unname(ml$uniquenesses), criterion = unname(ml$criteria["objective"]),
                chi_square = unname(ml$STATISTIC), df = ml$dof, p = unname(ml$PVAL)), rotations(ml$loadings)),
    minres = c(list(communalities = unname(mr$communality)), rotations(mr$loadings)),
    kmo = kmo$MSA, kmo_items = unname(kmo$MSAi), bartlett = list(chi_square = b$chisq, df = b$df, p = b$p.value),
    parallel_mean = rowMeans(random), parallel_95 = apply(random, 1, quantile, 0.95))
}
reliability <- function(X) {
  C <- cov(X); k <- ncol(X); n <- nrow(X)
  raw <- k / (k - 1) * (1 - sum(diag(C)) / sum(C)); m <- mean(cor(X)[lower.tri(C)]); std <- k * m / (1 + (k - 1) * m)
  # Feldt (1965).
  ci <- function(a) 1 - (1 - a) * qf(c(0.975, 0.025), n - 1, (n - 1) * (k - 1))
  check <- suppressWarnings(alpha(as.data.frame(X), warnings = FALSE))
  stopifnot(abs(check$total$raw_alpha - raw) < 1e-12, abs(check$total$std.alpha - std) < 1e-12)
  list(n = n, covariance = unname(C), raw = raw, standardised = std, raw_interval = ci(raw), standardised_interval = ci(std),
       dropped = check$alpha.drop$raw_alpha, r_drop = check$item.stats$r.drop)
}
set.seed(8)
A <- read.csv(file("factor_classics/ability_cov.csv"), row.names = 1)
H <- read.csv(file("factor_classics/holzinger_swineford_1939.csv"), row.names = 1)[paste0("x", 1:9)]
M <- read.csv(file("ecsi_mobile/ecsi_mobi.csv")); M <- M[, grep("^[A-Z]+[0-9]*$", names(M))]
d <- read.csv(gzfile(file("sfo_airport/sfo_2017.csv.gz")), colClasses = "character")
items <- c("Q7ART", "Q7FOOD", "Q7STORE", "Q7SIGN", "Q7WALKWAYS", "Q7SCREENS", "Q7INFODOWN", "Q7INFOUP", "Q7WIFI", "Q7ROADS", "Q7PARK", "Q7AIRTRAIN",
           "Q7LTPARKING", "Q7RENTAL", "Q9BOARDING", "Q9AIRTRAIN", "Q9RENTAL", "Q9FOOD", "Q9RESTROOM", "Q10SAFE")
S <- sapply(items, function(n) { v <- suppressWarnings(as.numeric(trimws(d[[n]]))); v[!(v %in% 1:5)] <- NA; v })
blocks <- split(names(M), sub("[0-9]+$", "", names(M)))
out <- list(tool = paste(R.version.string, "psych", packageVersion("psych")),
  analyses = list(ability = analysis(cov2cor(as.matrix(A)), 112, 2), holzinger = analysis(cor(H), nrow(H), 3), ecsi = analysis(cor(M), nrow(M), 4),
                  sfo = analysis(cor(S, use = "pairwise"), 599, 4)),
  reliability = lapply(blocks[sapply(blocks, length) > 1], function(b) reliability(M[, b])),
  ecsi = list(items = names(M), mean = unname(colMeans(M)), sd = unname(apply(M, 2, sd))))
cat(toJSON(out, digits = 14, auto_unbox = TRUE), "\n")
