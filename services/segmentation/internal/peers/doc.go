// Package peers asks the other services what the segmentation service must know.
package peers
