# Computes differences in differences with base R, independently of the project. Run: Rscript policy.R > policy.json
# The data are made by a formula, the same in the test: 9 stores, 8 weeks before and after day 56; the policy holds at stores 0 to 3. Compare to 1e-9.
suppressMessages(library(jsonlite))
d <- expand.grid(day = 0:111, store = 0:8)
d <- d[!((d$day * 5 + d$store) %% 13 == 0), ]
d$held <- d$store < 4; d$after <- d$day >= 56
d$y <- 200 + 10 * d$store + 20 * sin(d$day / 9) + 12 * cos(d$day * 2.3 + d$store * d$store) + ifelse(d$held & d$after, 7 + d$store, 0) + ifelse(d$after, d$store %% 3, 0)
d$week <- floor((d$day - 56) / 7)
side <- function(d) {
  m <- tapply(d$y, list(d$store, d$after), mean); t <- t.test(m[, 2] - m[, 1])
  list(before = mean(m[, 1]), after = mean(m[, 2]), difference = unname(t$estimate), se = t$stderr, p = t$p.value, low = t$conf.int[1], differences = unname(m[, 2] - m[, 1]))
}
held <- side(d[d$held, ]); control <- side(d[!d$held, ])
w <- t.test(held$differences, control$differences)
net <- list(net = held$difference - control$difference, se = w$stderr, p = w$p.value, low = w$conf.int[1], high = w$conf.int[2])
# Weeks of what one side has more than the other, each location taken from its own mean before.
d$own <- d$y - ave(ifelse(d$after, NA, d$y), d$store, FUN = function(v) mean(v, na.rm = TRUE))
weekly <- function(d) { m <- tapply(d$own, list(d$store, d$week), mean); colMeans(m, na.rm = TRUE) }
gap <- weekly(d[d$held, ]) - weekly(d[!d$held, ]); at <- as.numeric(names(gap))
s <- summary(lm(gap[at < 0] ~ at[at < 0]))$coefficients[2, ]
one <- d[d$store %in% c(0, 4:8), ]
g <- weekly(one[one$held, ]) - weekly(one[!one$held, ]); k <- t.test(g[as.numeric(names(g)) >= 0], g[as.numeric(names(g)) < 0])
# The point estimate as a regression tells it, from the means of stores.
m <- aggregate(y ~ store + held + after, d, mean); did <- unname(coef(lm(y ~ held * after, m))[4])
cat(toJSON(list(tool = R.version.string, held = held, control = control, net = net, did = did, slope = unname(s[1]), slope_p = unname(s[4]),
                week = list(se = k$stderr, df = unname(k$parameter))), digits = NA, auto_unbox = TRUE), "\n")
