# Recomputes crosstabs with R (base), independently of the project.
#   Rscript crosstab.R <folder of sfo_2017.csv.gz> > crosstab.json
# Needs: r-base-core, r-cran-jsonlite. The output holds statistics only. Compare to 1e-9, intervals of V to 1e-6 (uniroot's and pchisq's).
library(jsonlite)
d <- read.csv(gzfile(file.path(commandArgs(TRUE)[1], "sfo_2017.csv.gz")), colClasses = "character")
# Noncentrality of the chi-square distribution at which x has the lower tail p.
lambda <- function(x, df, p) if (pchisq(x, df) <= p) 0 else uniroot(function(l) pchisq(x, df, l) - p, c(0, 10 * x + 100), tol = 1e-12)$root
crosstab <- function(m) {
  c <- suppressWarnings(chisq.test(m, correct = FALSE)); n <- sum(m); k <- min(dim(m)) - 1; df <- unname(c$parameter)
  l <- c(lambda(c$statistic, df, 0.975), lambda(c$statistic, df, 0.025)); v <- pmin(1, sqrt((l + df) / (n * k))); if (l[1] == 0) v[1] <- 0
  p <- 2 * pnorm(-abs(c$stdres))
  list(counts = unname(m), chi_square = unname(c$statistic), df = df, p = c$p.value, v = sqrt(unname(c$statistic) / (n * k)), v_interval = v,
       expected = unname(c$expected), residuals = unname(c$stdres), adjusted = matrix(p.adjust(p, "BH"), nrow(m)),
       fisher = if (all(dim(m) == 2)) fisher.test(m)$p.value else NA)
}
nps <- suppressWarnings(as.numeric(d$NETPRO)); keep <- !is.na(nps) & nps <= 10
kind <- factor(ifelse(nps >= 9, "promoter", ifelse(nps >= 7, "passive", "detractor")), c("detractor", "passive", "promoter"))
area <- factor(d$BAREA, LETTERS[1:7])
out <- list(tool = R.version.string,
  sfo_area_nps = crosstab(unclass(table(area[keep], kind[keep]))[rowSums(table(area[keep], kind[keep])) > 0, ]),
  tea = crosstab(matrix(c(3, 1, 1, 3), 2)), small = crosstab(matrix(c(1, 9, 11, 3), 2, byrow = TRUE)), none = crosstab(matrix(c(20, 30, 40, 60), 2, byrow = TRUE)),
  strong = crosstab(matrix(c(50, 2, 1, 3, 40, 5, 0, 4, 60), 3, byrow = TRUE)))
cat(toJSON(out, digits = 14, auto_unbox = TRUE), "\n")
