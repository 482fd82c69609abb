# Computes the regression on month, working day and day of the week with effects of locations and standard errors by location with base R, independently of
# the project. Run: Rscript season.R > season.json
# The data are made by a formula, the same in the test: 6 stores, 120 days from day 0, a Thursday. Compare to 1e-9 of the size of the numbers.
suppressMessages(library(jsonlite))
d <- expand.grid(day = 0:119, store = 0:5)
d <- d[!((d$day * 7 + d$store * 3) %% 11 == 0), ]
d$month <- d$day %/% 30
d$weekday <- (d$day + 3) %% 7
d$working <- as.integer(d$weekday < 5 & !(d$day %in% c(18, 67, 95)))
d$y <- 1000 * (d$store + 1) + 40 * d$month - 150 * (d$weekday == 5) + 90 * d$working + 60 * sin(d$day * 1.7 + d$store) + 35 * cos(d$day * 0.31 * (d$store + 1))
reference <- function(x) { t <- table(x); relevel(factor(x), ref = names(t)[which.max(t)]) }
regress <- function(d, cluster) {
  d$m <- reference(d$month); d$w <- reference(d$weekday); d$k <- reference(d$working)
  fit <- lm(y ~ m + k + w + factor(store), data = d)
  X <- model.matrix(fit); e <- residuals(fit)
  S <- rowsum(X * e, cluster); g <- nrow(S); bread <- solve(crossprod(X))
  V <- bread %*% crossprod(S) %*% bread * g / (g - 1) * (nrow(X) - 1) / (nrow(X) - ncol(X))
  use <- grep("^(m|k|w)[0-9]", colnames(X)); se <- sqrt(diag(V))[use]; b <- coef(fit)[use]
  within <- 1 - sum(e^2) / sum(residuals(lm(y ~ factor(store), data = d))^2)
  list(clusters = g, within = within, names = names(b), coefficient = unname(b), se = unname(se), p = unname(2 * pt(-abs(b / se), g - 1)),
       low = unname(b - qt(.975, g - 1) * se))
}
few <- d[d$store < 3, ]
cat(toJSON(list(tool = R.version.string, n = nrow(d), store = regress(d, d$store), week = regress(few, paste(few$store, (few$day + 3) %/% 7))), digits = NA, auto_unbox = TRUE), "\n")
