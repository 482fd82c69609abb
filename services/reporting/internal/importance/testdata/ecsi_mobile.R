# Recomputes the drivers of CUSA1 among PERQ1-7 of the ECSI mobile survey, which is complete, with R (base), independently of the project.
#   Rscript ecsi_mobile.R <folder of ecsi_mobi.csv> > ecsi_mobile.json
# Needs: r-base-core, r-cran-jsonlite. The output holds statistics only. Compare to 1e-9.
library(jsonlite)
d <- read.csv(file.path(commandArgs(TRUE)[1], "ecsi_mobi.csv"))
items <- paste0("PERQ", 1:7); X <- as.matrix(d[items]); y <- d$CUSA1; k <- length(items); n <- nrow(X)
R <- cor(X); r <- as.vector(cor(X, y))
r2 <- function(s) if (length(s) == 0) 0 else sum(r[s] * solve(R[s, s, drop = FALSE], r[s]))
# LMG: the mean gain of R² over all orders, order by order.
orders <- function(v) if (length(v) < 2) list(v) else do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(o) c(v[i], o))))
gains <- numeric(k)
for (o in orders(1:k)) { before <- 0; for (i in 1:k) { after <- r2(o[1:i]); gains[o[i]] <- gains[o[i]] + after - before; before <- after } }
e <- eigen(R); L <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
fit <- lm(y ~ X); s <- summary(fit); co <- s$coefficients[-1, ]; ci <- confint(fit)[-1, ]
tests <- lapply(items, function(i) cor.test(d[[i]], y)); p <- sapply(tests, function(t) t$p.value)
rho <- as.vector(cor(X, y, method = "spearman")); t <- rho * sqrt((n - 2) / (1 - rho^2)); pt2 <- 2 * pt(-abs(t), n - 2)
out <- list(tool = R.version.string, items = items, outcome = "CUSA1", n = n, mean = unname(colMeans(X)), sd = unname(apply(X, 2, sd)),
  outcome_mean = mean(y), outcome_sd = sd(y), correlations = unname(R), pearson = r,
  low = sapply(tests, function(t) t$conf.int[1]), high = sapply(tests, function(t) t$conf.int[2]), p = p, q = p.adjust(p, "BH"),
  spearman = rho, spearman_p = pt2, spearman_q = p.adjust(pt2, "BH"),
  coefficient = unname(co[, 1]), se = unname(co[, 2]), t = unname(co[, 3]), coefficient_p = unname(co[, 4]), coefficient_q = unname(p.adjust(co[, 4], "BH")),
  coefficient_low = unname(ci[, 1]), coefficient_high = unname(ci[, 2]), intercept = unname(coef(fit)[1]), beta = unname(coef(lm(scale(y) ~ scale(X)))[-1]),
  r2 = s$r.squared, adjusted_r2 = s$adj.r.squared, f = unname(s$fstatistic[1]), vif = unname(diag(solve(R))),
  johnson = as.vector(L^2 %*% solve(L, r)^2), lmg = gains / factorial(k))
cat(toJSON(out, digits = 14, auto_unbox = TRUE), "\n")
