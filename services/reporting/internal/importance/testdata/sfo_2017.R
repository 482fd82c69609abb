# Recomputes the drivers and the satisfaction matrix of the SFO 2017 survey with R (base; lavaan for the moments by EM), independently of the project.
#   Rscript sfo_2017.R <folder of sfo_2017.csv.gz> > sfo_2017.json
# Needs: r-base-core, r-cran-jsonlite, r-cran-lavaan. The output holds statistics only.
# Codes 0 (blank) and 6 (never used) of the items, the text "Blank" of Q7ALL and 11 of NETPRO are no answers. Weights are not used.
# Conventions: `pairwise` takes each correlation from those who answered both; `listwise` those who answered all; `em` the maximum-likelihood moments of a
# normal distribution. Sums of squares are exact; compare pairwise and listwise to 1e-9 and em to 2e-4 (lavaan stops at 1e-5 of the log-likelihood's gain).
suppressMessages({library(jsonlite); library(lavaan)})
folder <- commandArgs(TRUE)[1]
d <- read.csv(gzfile(file.path(folder, "sfo_2017.csv.gz")), colClasses = "character")
items <- c("Q7ART", "Q7FOOD", "Q7STORE", "Q7SIGN", "Q7WALKWAYS", "Q7SCREENS", "Q7INFODOWN", "Q7INFOUP", "Q7WIFI", "Q7ROADS", "Q7PARK", "Q7AIRTRAIN",
           "Q7LTPARKING", "Q7RENTAL", "Q9BOARDING", "Q9AIRTRAIN", "Q9RENTAL", "Q9FOOD", "Q9RESTROOM", "Q10SAFE")
number <- function(x, valid) { v <- suppressWarnings(as.numeric(trimws(x))); v[!(v %in% valid)] <- NA; v }
X <- sapply(items, function(n) number(d[[n]], 1:5))
outcomes <- list(Q7ALL = number(d$Q7ALL, 1:5), NETPRO = number(d$NETPRO, 0:10))
k <- length(items)

r2 <- function(R, r, s) if (length(s) == 0) 0 else sum(r[s] * solve(R[s, s, drop = FALSE], r[s]))
# Johnson (2000), by the spectral root.
johnson <- function(R, r) { e <- eigen(R); L <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors); b <- solve(L, r); as.vector(L^2 %*% b^2) }
# LMG: the mean gain of R² over all orders, by all subsets.
lmg <- function(R, r) {
  m <- length(r); all <- numeric(2^m)
  for (s in seq_len(2^m - 1)) all[s + 1] <- r2(R, r, which(bitwAnd(s, 2^(0:(m - 1))) > 0))
  size <- sapply(0:(2^m - 1), function(s) sum(bitwAnd(s, 2^(0:(m - 1))) > 0))
  sapply(seq_len(m), function(i) {
    without <- which(bitwAnd(0:(2^m - 1), 2^(i - 1)) == 0)
    sum((all[without + 2^(i - 1)] - all[without]) * factorial(size[without]) * factorial(m - size[without] - 1)) / factorial(m)
  })
}
# Standardised coefficients from correlations.
model <- function(R, r) list(beta = as.vector(solve(R, r)), r2 = r2(R, r, seq_along(r)), vif = as.vector(diag(solve(R))), johnson = johnson(R, r))
quadrant <- function(importance, score) {
  i <- importance >= mean(importance); s <- score >= mean(score)
  ifelse(i & !s, 1, ifelse(!i & !s, 2, ifelse(i & s, 3, 4)))
}

out <- list(tool = paste(R.version.string, "lavaan", packageVersion("lavaan")), items = items,
            n = unname(colSums(!is.na(X))), mean = unname(colMeans(X, na.rm = TRUE)), sd = unname(apply(X, 2, sd, na.rm = TRUE)),
            pairs = unname(crossprod(!is.na(X))), correlations = unname(cor(X, use = "pairwise")), outcomes = list())
R <- out$correlations
for (name in names(outcomes)) {
  y <- outcomes[[name]]
  r <- as.vector(cor(X, y, use = "pairwise"))
  tests <- lapply(seq_len(k), function(i) cor.test(X[, i], y))
  rho <- as.vector(cor(X, y, use = "pairwise", method = "spearman"))
  p <- sapply(tests, function(t) t$p.value)
  n <- sapply(seq_len(k), function(i) sum(!is.na(X[, i]) & !is.na(y)))
  ranks <- 2 * pt(-abs(rho * sqrt((n - 2) / (1 - rho^2))), n - 2)
  pairwise <- c(list(
    n = n, pearson = r,
    low = sapply(tests, function(t) t$conf.int[1]), high = sapply(tests, function(t) t$conf.int[2]),
    p = p, q = p.adjust(p, "BH"), spearman = rho, spearman_p = ranks, spearman_q = p.adjust(ranks, "BH")), model(R, r))
  pairwise$lmg15 <- lmg(R[1:15, 1:15], r[1:15])
  pairwise$r2of15 <- r2(R, r, 1:15)
  pairwise$johnson15 <- johnson(R[1:15, 1:15], r[1:15])

  whole <- complete.cases(X, y)
  fit <- lm(y[whole] ~ X[whole, ]); s <- summary(fit)$coefficients[-1, ]; ci <- confint(fit)[-1, ]
  Z <- lm(scale(y[whole]) ~ scale(X[whole, ]))
  Rw <- cor(X[whole, ]); rw <- as.vector(cor(X[whole, ], y[whole]))
  listwise <- list(n = sum(whole), coefficient = unname(coef(fit)[-1]), se = unname(s[, 2]), t = unname(s[, 3]), p = unname(s[, 4]),
    low = unname(ci[, 1]), high = unname(ci[, 2]), intercept = unname(coef(fit)[1]), beta = unname(coef(Z)[-1]), r2 = summary(fit)$r.squared,
    adjusted_r2 = summary(fit)$adj.r.squared, f = unname(summary(fit)$fstatistic[1]), vif = unname(diag(solve(Rw))), johnson = johnson(Rw, rw),
    correlations = unname(Rw), outcome_correlations = rw, lmg15 = lmg(Rw[1:15, 1:15], rw[1:15]))

  # Rows without any answer tell nothing of the moments, and lavaan drops them.
  D <- as.data.frame(cbind(X, y)); D <- D[rowSums(!is.na(D)) > 0, ]
  fitted <- lavInspect(lavCor(D, missing = "fiml", output = "fit"), "implied")
  C <- cov2cor(unclass(fitted$cov)); re <- as.vector(C[k + 1, 1:k]); Re <- C[1:k, 1:k]
  em <- c(list(n = nrow(D), mean = as.vector(fitted$mean), sd = unname(sqrt(diag(unclass(fitted$cov)))), correlations = unname(matrix(Re, k)), pearson = re),
          model(Re, re))

  out$outcomes[[name]] <- list(n = sum(!is.na(y)), mean = mean(y, na.rm = TRUE), sd = sd(y, na.rm = TRUE), pairwise = pairwise, listwise = listwise, em = em,
    matrix = list(score_cut = mean(out$mean), by_pearson = list(cut = mean(r), priority = quadrant(r, out$mean)),
                  by_johnson = list(cut = mean(pairwise$johnson), priority = quadrant(pairwise$johnson, out$mean)),
                  by_em_johnson = list(cut = mean(em$johnson), priority = quadrant(em$johnson, em$mean[1:k]))))
}
cat(toJSON(out, digits = 14, auto_unbox = TRUE), "\n")
