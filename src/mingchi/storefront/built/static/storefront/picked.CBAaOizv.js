import{C as o}from"./index-BfG6arTr.js";const r=o("category",null);export{r as p};
